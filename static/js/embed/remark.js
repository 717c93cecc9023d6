/* The sentence and the link that stand where a wall cannot be shown. */
import {base} from './page.js';
const NOTES = {
  en: ['This wall cannot be shown here.', 'Open the wall'],
  de: ['Diese Wand kann hier nicht gezeigt werden.', 'Die Wand öffnen'],
  es: ['Este muro no se puede mostrar aquí.', 'Abrir el muro'],
  fr: ['Ce mur ne peut pas être affiché ici.', 'Ouvrir le mur']
};

export function remark(target, wall) {
  const note = document.createElement('p'), link = document.createElement('a');
  const language = target.closest('[lang]')?.lang || navigator.language;
  const [sentence, words] = NOTES[language.slice(0, 2).toLowerCase()] ?? NOTES.en;
  Object.assign(link, {href: new URL(`walls/${encodeURIComponent(wall)}`, base).href, target: '_blank', textContent: words});
  note.dataset.feedbackWall = '';
  note.append(`${sentence} `, link);
  return note;
}
