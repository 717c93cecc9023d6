/* Times are UTC in the page, since it is the same for everybody; here they become relative to now, exact on hover. */
(() => {
  'use strict';
  const UNITS = [['year', 31536e3], ['month', 2592e3], ['week', 604800], ['day', 86400], ['hour', 3600], ['minute', 60]];
  const relative = new Intl.RelativeTimeFormat(document.documentElement.lang, {numeric: 'auto'});
  const exact = new Intl.DateTimeFormat(document.documentElement.lang, {dateStyle: 'full', timeStyle: 'medium'});

  function words(time) {
    const seconds = (Date.parse(time.dateTime) - Date.now()) / 1000;
    const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? [];
    return unit ? relative.format(Math.round(seconds / length), unit) : 'just now';
  }
  function tell(time) {
    const text = words(time);
    if (time.textContent !== text) time.textContent = text;
    time.title ||= exact.format(Date.parse(time.dateTime));
  }
  const tellAll = (place = document) => place.querySelectorAll('time[datetime]').forEach(tell);
  document.addEventListener('htmx:after:swap', () => tellAll());
  document.addEventListener('news', event => event.detail.placed.forEach(entry => tellAll(entry)));
  setInterval(() => { if (!document.hidden) tellAll(); }, 20e3);
  tellAll();
})();
