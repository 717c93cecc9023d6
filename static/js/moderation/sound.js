/* A sound for what newly waits, for those who switched it on. */
import {find, on} from '../page/dom.js';
const soundButton = find('sound'), SHORTEST = 3e3;
let isSounding = false, playedAt = 0, soundContext;

function blip() {
  if (!isSounding || Date.now() - playedAt < SHORTEST) return;
  playedAt = Date.now();
  soundContext ??= new AudioContext();
  soundContext.resume();
  const tone = soundContext.createOscillator(), volume = soundContext.createGain(), at = soundContext.currentTime;
  tone.frequency.setValueAtTime(660, at);
  tone.frequency.setValueAtTime(880, at + .09);
  volume.gain.setValueAtTime(.12, at);
  volume.gain.exponentialRampToValueAtTime(.001, at + .3);
  tone.connect(volume).connect(soundContext.destination);
  tone.start(at);
  tone.stop(at + .3);
}
function showSound() { soundButton.setAttribute('aria-pressed', String(isSounding)); }

if (soundButton) {
  try { isSounding = localStorage.getItem('queue-sound') === 'on'; } catch { /* It is not remembered then. */ }
  soundButton.hidden = false;
  showSound();
  soundButton.addEventListener('click', () => {
    isSounding = !isSounding;
    playedAt = 0;
    showSound();
    blip();
    try { localStorage.setItem('queue-sound', isSounding ? 'on' : 'off'); } catch { /* As above. */ }
  });
  on('waits', blip);
}
