"""An invented open day of a laboratory, for `demo`: what its visitors wrote, and what the team replied."""

from typing import NamedTuple

TEAM = "Ruth Adeyemi"


class Post(NamedTuple):
    """`minutes` is its age. The team replied after `after` minutes. `waits` marks what a wall with review holds."""

    minutes: int
    name: str
    text: str
    reply: str = ""
    after: int = 6
    is_pinned: bool = False
    waits: bool = False


# The oldest first. Sites end in .example, so that no link leads to a stranger.
DAY = (
    Post(1310, "Ruth's neighbour", "Saw you carry the robot in last night. Good luck for tomorrow!"),
    Post(
        1225,
        "Ines",
        "Is there parking at the back of the building? I'm coming with a wheelchair.",
        reply="Yes, three spaces right beside the lift, and the door opens by itself. Ring if somebody took them.",
        after=18,
        is_pinned=True,
    ),
    Post(604, "Mateusz", "First! The robot arm waved back. My day is made."),
    Post(592, "Grandma Inge", "I didn't understand everything, but everyone was so kind."),
    Post(581, "Noor", "👏👏👏"),
    Post(566, "Ελένη", "Πολύ όμορφη μέρα, ευχαριστούμε! Τα παιδιά δεν ήθελαν να φύγουν."),  # noqa: RUF001
    Post(
        548,
        "Søren K.",
        "First time somebody explained versions to me without a single arrow. Please put the slides online.",
        reply="They are up: https://lab.example/open-day/slides",
    ),
    Post(531, "Ingrid", "More seats next time, please. And more of those cinnamon rolls."),
    Post(517, "山田 花子", "とても分かりやすかったです。実演が特に楽しかったです。ありがとうございました。"),
    Post(498, "Chidi Okafor", "Loved it."),
    Post(472, "فرح", "شكرا جزيلا على هذا اليوم الرائع، تعلمنا الكثير!"),
    Post(
        455,
        "Row 14, seat 3",
        "The microphone in the back row crackles a bit, could somebody look?",
        reply="On it: Sam is bringing another one. Better now?",
        after=2,
    ),
    Post(451, "Row 14, seat 3", "Much better, thank you!"),
    Post(430, "Priya N.", "🚀"),
    Post(
        412,
        "Tom & Ida",
        "We brought our eight-year-old, and she asked better questions than we did. Thank you for answering "
        "them seriously.",
        is_pinned=True,
    ),
    Post(
        395,
        "Jonas",
        "What happens when two people press the button at the same moment? I lost the thread there.",
        reply="The second one waits for the first, some thousandths of a second. Come to the poster in hall B: there's "
        "a drawing of exactly that.",
        after=14,
    ),
    Post(
        377,
        "Maya Lindqvist",
        "The part about undoing mistakes was worth the trip on its own. I've already shown it to two colleagues, and "
        "one of them got a lost afternoon back with `git reflog` on the train home.\n\nMy notes, for whoever "
        "wants them: https://maya.example/notes/undo-everything",
    ),
    Post(360, "Anonymous beaver", "Coffee: 10/10. Chairs: 4/10."),
    Post(341, "Олена", "Дякую! Чекаю на продовження."),
    Post(
        322,
        "Leïla",
        "Is there a recording? My train was late and I missed the first half hour 🙈",
        reply="Yes: the recording will be here on Monday.",
    ),
    Post(
        301,
        "Félix B.",
        "Merci pour l'accueil ! L'atelier soudure était complet dès 10 h, dommage. À l'année prochaine ?",
        reply="Oui ! On double les places l'année prochaine. Et il en reste deux à 16 h aujourd'hui.",
        after=9,
    ),
    Post(288, "Hanna", "Loved the live demo that went wrong. It showed how you look for a mistake."),
    Post(270, "Min-jun", "설명이 정말 친절했어요 😊"),
    Post(254, "Luis F.", "Mi hija de seis años ya quiere una impresora 3D. Creo que la culpa es vuestra 😄"),
    Post(
        240,
        "Daniela",
        "Honest feedback, since you asked for it: the talk in hall A was too fast for beginners. After ten minutes "
        "everyone around me had given up, and they didn't dare to say so. What would have helped:\n\n1. a glossary on "
        "one sheet of paper,\n2. a pause after each part,\n3. one example that runs through all of it.\n\nThe "
        "workshop "
        "in the afternoon had all three, and it was the best I've been to in years. The same person, the same "
        "topic! So you know how it's done. I'd come again for that alone.",
        reply="Thank you, that's exactly what we needed to hear. The sheet will lie on every seat at 16:00.",
        after=21,
    ),
    Post(226, "דנה", "היה מרתק. תודה רבה לכל הצוות!"),
    Post(205, "Quentin", "The lift is stuck on floor 2 again.", reply="Fixed. Thanks for telling us!", after=11),
    Post(186, "Kofi & Ama", "❤️❤️"),
    Post(
        171,
        "Hiroshi Tanaka",
        "Where do I find the parts list of the weather station?",
        reply="Here, with prices: https://lab.example/weather-station/parts. The sensor is the one called `BME280`.",
        is_pinned=True,
    ),
    Post(150, "Wanda", "Pierwszy raz tutaj i od razu czułam się mile widziana."),
    Post(133, "A. P.", "I disagree with the third point,\nbut the discussion about it was the best part of the day."),
    Post(118, "मीरा", "बच्चों को बहुत मज़ा आया, धन्यवाद!"),
    Post(96, "Oleksandr", "Could the lab stay open on Mondays? I'd like to bring my class."),
    Post(
        77, "Cheap Offers", "Best prices for lab equipment!!! https://offers.example https://deals.example", waits=True
    ),
    Post(74, "Bo Larsen", "Does it work offline as well?", reply="It does. Pull the plug and see 🙂", after=3),
    Post(61, "Amira", "My students will see this on Monday."),
    Post(48, "Felix", "Here is my write-up with photos: https://felix.example/open-lab-day", waits=True),
    Post(39, "Émile Roux", "Lost: a grey scarf, somewhere between the laser cutter and the cake."),
    Post(31, "Sam's mum", "So proud of you all 🥹"),
    Post(27, "Katya", "Found: the scarf! It's hanging at the entrance."),
    Post(19, "Lab visitor 212", "Is the workshop on Saturday also for beginners?", waits=True),
    Post(11, "Farah", "The coffee was excellent."),
    Post(8, "Tomás", "Could somebody switch the projector in hall B back on?", waits=True),
    Post(5, "Mei-Ling", "🎉"),
    Post(2, "Ira", "Best afternoon in months. See you next year!"),
)
