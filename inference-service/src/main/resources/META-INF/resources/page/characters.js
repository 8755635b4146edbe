// A text whose characters are coloured by how much they surprised the model. A pointer or the arrow keys select a character.
import { element } from "./dom.js";

/** The surprise in nats from which a character has the full colour. */
const FULL_SHADE = 6;

const MOVES = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 20, ArrowUp: -20 };

export const percent = (logprob) => `${(100 * Math.exp(logprob)).toFixed(logprob < -4 ? 2 : 1)} %`;

/** Returns a character's surprise in words. */
export const surprise = (token) =>
  `${percent(token.logprob)}, ${(-token.logprob).toFixed(2)} nats, rank ${token.rank}`;

/** Returns the element of a coloured character. */
export function coloured(token, className = "") {
  const span = element("span", { className }, token.token === "\n" ? "⏎\n" : token.token);
  span.style.setProperty("--shade", token.logprob === undefined ? 0 : Math.min(1, -token.logprob / FULL_SHADE));
  return span;
}

export class Characters {
  #box;
  #onSelect;
  #tokens = [];
  #spans = [];

  /** The index of the selected character, or -1. */
  here = -1;

  /**
   * Makes a box show coloured characters. onSelect receives the token, its index and its element; the arrow keys work
   * while another element, such as the box around, has the focus.
   */
  constructor(box, onSelect, focused = box) {
    this.#box = box;
    this.#onSelect = onSelect;
    box.addEventListener("pointerover", (event) => {
      const at = this.#spans.indexOf(event.target);
      if (at >= 0) {
        this.select(at);
      }
    });
    focused.addEventListener("keydown", (event) => {
      if (MOVES[event.key] && this.#tokens.length > 0) {
        event.preventDefault();
        this.select(this.here + MOVES[event.key]);
      }
    });
  }

  /** Shows other characters; classOf returns the class of each. */
  show(tokens, classOf = () => "") {
    this.#box.replaceChildren();
    this.#tokens = [];
    this.#spans = [];
    this.here = -1;
    this.add(tokens, classOf);
  }

  /** Adds characters at the end. */
  add(tokens, classOf = () => "") {
    const spans = tokens.map((token, i) => coloured(token, classOf(this.#tokens.length + i, token)));
    this.#tokens.push(...tokens);
    this.#spans.push(...spans);
    this.#box.append(...spans);
  }

  /** Selects a character, or the one that is nearest. */
  select(index) {
    this.#spans[this.here]?.classList.remove("here");
    this.here = Math.max(0, Math.min(this.#tokens.length - 1, index));
    const span = this.#spans[this.here];
    span.classList.add("here");
    this.#onSelect(this.#tokens[this.here], this.here, span);
  }
}
