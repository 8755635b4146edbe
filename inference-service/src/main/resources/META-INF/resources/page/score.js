import * as api from "./api.js";
import { byId, element, showProblem, visible } from "./dom.js";

/** The surprise in nats from which a character has the full colour. */
const FULL_SHADE = 6;
/** A run of at least this many characters, each at least this probable, counts as memorised. */
const MEMORISED = { characters: 16, probability: 0.9 };

let tokens = [];
let here = 0;

const percent = (logprob) => `${(100 * Math.exp(logprob)).toFixed(logprob < -4 ? 2 : 1)} %`;

/** Returns the indices of the characters that the model has probably memorised. */
function memorised(scored) {
  const marked = new Set();
  let begin = 1;
  for (let i = 1; i <= scored.length; i++) {
    if (i < scored.length && Math.exp(scored[i].logprob) >= MEMORISED.probability) {
      continue;
    }
    if (i - begin >= MEMORISED.characters) {
      for (let k = begin; k < i; k++) {
        marked.add(k);
      }
    }
    begin = i + 1;
  }
  return marked;
}

function show(answer) {
  tokens = answer.tokens;
  const marked = memorised(tokens);
  const spans = tokens.map((token, i) => {
    const span = element("span", { className: marked.has(i) ? "memorised" : "" }, token.token === "\n" ? "⏎\n" : token.token);
    span.style.setProperty("--shade", token.logprob === undefined ? 0 : Math.min(1, -token.logprob / FULL_SHADE));
    span.dataset.at = i;
    return span;
  });
  byId("coloured").replaceChildren(...spans);
  byId("coloured").hidden = false;
  const note = marked.size === 0 ? "" : ` ${marked.size} characters are probably memorised (underlined).`;
  byId("losses").textContent = `${answer.nats_per_token.toFixed(4)} nats, ${answer.bits_per_token.toFixed(4)} bits per character;`
    + ` perplexity ${answer.perplexity.toFixed(2)}, by ${answer.model_version}.${note}`;
  goTo(Math.min(1, tokens.length - 1));
}

/** Shows the characters that the model expected at a position. */
function goTo(at) {
  here = Math.max(0, Math.min(tokens.length - 1, at));
  byId("coloured").querySelector(".here")?.classList.remove("here");
  byId("coloured").children[here].classList.add("here");
  const token = tokens[here];
  const about = byId("about-character");
  if (token.logprob === undefined) {
    about.replaceChildren(element("p", {}, `${visible(token.token)}: nothing predicts the first character.`));
    return;
  }
  const others = token.top.map((other) => element("li", {}, `${visible(other.token)} ${percent(other.logprob)}`));
  about.replaceChildren(
    element("p", {}, `${visible(token.token)}: ${percent(token.logprob)}, ${(-token.logprob).toFixed(2)} nats, rank ${token.rank}.`
      + " Expected:"),
    element("ol", {}, ...others));
}

const MOVES = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 20, ArrowUp: -20 };

export function start() {
  byId("score-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    showProblem(null);
    byId("judge").disabled = true;
    try {
      show(await api.score({ text: byId("scored-text").value, top: 5 }));
    } catch (error) {
      showProblem(error);
    } finally {
      byId("judge").disabled = false;
    }
  });
  byId("coloured").addEventListener("pointerover", (event) => {
    if (event.target.dataset.at) {
      goTo(Number(event.target.dataset.at));
    }
  });
  byId("coloured").addEventListener("keydown", (event) => {
    if (MOVES[event.key]) {
      event.preventDefault();
      goTo(here + MOVES[event.key]);
    }
  });
}
