/** The page of a blind test: its words, around the script in page/. */

import script from '../../../web/study/main.ts?inline';
import style from '../../../web/study/page.css?inline';
import type { Deck } from '../../evaluation/answers.ts';
import { pageHtml } from '../shared/reports/page.ts';

/** Makes the page. Nothing in it tells which picture is which, but for the codes in its data. */
export function studyHtml(deck: Deck): string {
  const { pictures, seconds, both, size, strength } = deck.study;
  const planned = pictures.length * (both ? 2 : 1);
  const limit =
    seconds === null
      ? 'Look as long as you like.'
      : `Each is covered after ${seconds === 1 ? 'one second' : `${seconds} seconds`}; take your time to answer.`;
  const kinds = both
    ? 'Each comes twice: once as it was taken, and once made grey, and given new colors by a computer'
    : 'Half of them, drawn by lot, are as they were taken. The others were made grey, and given new colors by a computer';
  const body = `<main>
<section id="start">
<h1>Fake or real?</h1>
<p>You will see ${planned} photographs, one at a time. ${kinds}. Say of each which you think it is.</p>
<p>${limit} You can stop at any time, and save what you have answered so far.</p>
<noscript><p><strong>This page needs JavaScript, which is off here.</strong></p></noscript>
<form id="form" hidden>
<label for="person">Your name, or any word that is yours <span class="soft">(optional)</span></label>
<input id="person" maxlength="60" autocomplete="off" spellcheck="false">
<button class="main" type="submit">Start</button>
</form>
<p class="soft keys">Keys: <kbd>F</kbd> or left arrow: fake. <kbd>R</kbd> or right arrow: real. <kbd>B</kbd>: back.
<kbd>Esc</kbd>: stop.</p>
<p class="soft">Nothing is sent anywhere: your answers, the name with them, stay in this page until you save them.</p>
</section>

<section id="ask" hidden aria-labelledby="question">
<div class="top">
<button id="back" type="button">Back</button>
<p id="progress" role="status"></p>
<button id="stop" type="button">Stop</button>
</div>
<progress id="bar" value="0" aria-hidden="true"></progress>
<figure id="frame" data-state="waiting">
<img id="picture" alt="" width="${size}" height="${size}">
<p id="covered">Time is up. What was it?</p>
</figure>
<h2 id="question" tabindex="-1">Fake or real?</h2>
<div class="answers">
<button id="fake" type="button">Fake <kbd>F</kbd></button>
<button id="real" type="button">Real <kbd>R</kbd></button>
</div>
</section>

<section id="results" hidden>
<h1 id="headline" tabindex="-1"></h1>
<div id="rates"></div>
<p class="soft">Guessing judges half of them rightly. The intervals are Wilson's, and take every answer for itself; with so
few answers they are wide.</p>
<div class="buttons">
<button id="save" class="main" type="button">Save the answers</button>
<button id="resume" type="button" hidden>Go on</button>
<button id="again" type="button">Next person</button>
</div>
<p id="saved" class="soft" role="status"></p>
<div id="judged">
<h2>What they were</h2>
<p class="soft">Large: what you saw. Small: the other way. Colored from grey, strength ${strength}.</p>
<div id="gallery"></div>
</div>
</section>
</main>
<script type="application/json" id="deck">${JSON.stringify(deck).replaceAll('<', '\\u003c')}</script>`;
  return pageHtml({ title: 'Fake or real?', style, body, script });
}
