/* Times are UTC in the page, since it is the same for everybody; here they become relative to now, exact on hover. */
(() => {
  'use strict';
  const UNITS = [['year', 31536e3], ['month', 2592e3], ['week', 604800], ['day', 86400], ['hour', 3600], ['minute', 60]];
  const root = document.documentElement, words = document.getElementById('arrangement')?.dataset;
  let lang, relative;

  function tell(time) {
    const seconds = (Date.parse(time.dateTime) - Date.now()) / 1000;
    const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? [];
    const text = unit ? relative.format(Math.round(seconds / length), unit) : words.now;
    if (time.textContent !== text) time.textContent = text;
  }
  function tellAll(place = document) {
    if (lang !== root.lang) {
      lang = root.lang;
      relative = new Intl.RelativeTimeFormat(lang, {numeric: 'auto'});
    }
    place.querySelectorAll('time[datetime]').forEach(tell);
  }
  document.addEventListener('htmx:after:swap', () => tellAll());
  document.addEventListener('news', event => event.detail.placed.forEach(entry => tellAll(entry)));
  document.addEventListener('pointerover', ({target}) => {
    const time = target.closest('time[datetime]');
    if (time) time.title = new Intl.DateTimeFormat(root.lang, {dateStyle: 'full', timeStyle: 'medium'}).format(Date.parse(time.dateTime));
  });
  setInterval(() => { if (!document.hidden) tellAll(); }, 20e3);
  /* In a task of its own: the first format of a page takes as long as all the rest of this script. */
  setTimeout(tellAll);
})();
