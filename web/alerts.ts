/** Alerts about single photographs; the page goes on. */
import { byId } from './elements.ts';

/** A line that stays until it is read. */
export function showAlert(message: string): void {
  const line = document.createElement('li');
  line.textContent = message;
  const close = document.createElement('button');
  close.type = 'button';
  close.textContent = '×';
  close.setAttribute('aria-label', 'Dismiss');
  close.addEventListener('click', () => line.remove());
  line.append(close);
  byId('problems').append(line);
}
