// A text that is being written, with its figures and its own buttons.
import * as api from "./api.js";
import { Characters, percent, surprise } from "./characters.js";
import { asPrompt, isSame } from "./controls.js";
import { button, element, visible } from "./dom.js";
import { nameOf } from "./serving.js";

/** The distance in pixels from the end of a box within which it still follows the text. */
const FOLLOWED = 40;

/** The characters of a request whose text is coloured: a rewrite reads at most so many of them again. */
const PIECE = 100;

const ALTERNATIVES = 5;

const lengthOf = (text) => [...text].length;

export class Output {
  #prompt;
  #shown = element("span");
  #box;
  #about = element("p", { className: "about", role: "status" });
  #alternatives = element("div", { className: "alternatives", hidden: true });
  #characters;
  #tokens = [];
  /** The number of characters that the box shows. */
  #drawn = 0;
  #frame = 0;
  /** Where each request began: the index of its first character, and the prompt or the state that it continued. */
  #pieces = [];
  #state = null;
  #seconds = 0;
  #coloured = false;

  /** Tells this text from others of this device. */
  id = `${Date.now()}-${Math.random()}`;

  /** The seed and the model of the text, or null before its first end. */
  seed = null;
  model = null;

  /** Whether the request with the seed writes the whole text again. */
  isRepeatable = false;

  /** Adds a box for the text of a request; the actions are called with this output. */
  constructor(place, title, request, { onContinue, onRewrite, onScore }) {
    this.request = request;
    this.#prompt = request.prompt ?? "";
    this.#box = element("pre", { className: "text", tabIndex: 0, ariaLabel: title, role: "region" },
      element("span", { className: "prompt" }, this.#prompt), this.#shown);
    this.continueButton = button("Continue", () => onContinue(this), { className: "continue", disabled: true });
    this.scoreButton = button("Score", () => onScore(this.text()), { className: "score", disabled: true });
    this.rewrite = (index, token) => onRewrite(this, index, token);
    this.#characters = new Characters(this.#shown, (...character) => this.#offer(...character), this.#box);
    this.#box.addEventListener("keydown", (event) => this.#keyPressed(event));
    const output = element("div", { className: "output" }, this.#box, this.#alternatives);
    output.addEventListener("pointerleave", () => { this.#alternatives.hidden = true; });
    place.append(element("div", {}, element("h3", {}, title), output, this.#about,
      element("div", { className: "row" }, this.continueButton, this.scoreButton)));
  }

  /** Returns the prompt with everything that was written. */
  text() {
    return this.#prompt + this.#written();
  }

  #written() {
    return this.#tokens.map(({ token }) => token).join("");
  }

  /** Says that the text was stopped. */
  stopped() {
    this.describe(`Stopped after ${this.#tokens.length} characters.`);
  }

  /** Returns whether nothing was written. */
  isEmpty() {
    return this.#tokens.length === 0;
  }

  describe(sentence) {
    this.#about.textContent = sentence;
  }

  /** Shows an entry of the texts that were written before. */
  restore({ id, text, model, seed }) {
    Object.assign(this, { id, model, seed, isRepeatable: seed !== null });
    this.#tokens = [...text].slice(lengthOf(this.#prompt)).map((token) => ({ token }));
    this.#pieces = [{ begin: 0, start: { prompt: this.#prompt } }];
    this.#draw();
    this.describe(`This text was written before${model === null ? "" : ` by ${nameOf(model)}`}.`);
  }

  /** Colours the text by its surprise, or no longer; what was written without figures is scored. */
  async colour(on) {
    this.#coloured = on;
    this.#alternatives.hidden = true;
    if (on && this.#tokens.some(({ logprob }) => logprob === undefined)) {
      await this.#scoreTokens();
    }
    this.#draw();
  }

  async #scoreTokens() {
    const text = asPrompt((this.#prompt || "\n") + this.#written());
    if (lengthOf(text) > 1) {
      const { tokens } = await api.score({ text, top: ALTERNATIVES });
      const scored = Math.min(tokens.length, this.#tokens.length);
      this.#tokens.splice(-scored, scored, ...tokens.slice(-scored));
    }
  }

  #draw() {
    this.#box.classList.toggle("coloured", this.#coloured);
    if (this.#coloured) {
      this.#box.setAttribute("role", "application"); // arrow keys move from character to character
      this.#characters.show(this.#tokens, (i, token) => (token.chosen ? "chosen" : ""));
    } else {
      this.#box.setAttribute("role", "region");
      this.#characters.show([]);
      this.#shown.textContent = this.#written();
    }
    this.#drawn = this.#tokens.length;
  }

  /** Adds text, which the next frame of the display shows: events come faster than a phone can draw. */
  #add(event) {
    this.#tokens.push(...event.logprobs ?? [...event.text].map((token) => ({ token })));
    this.#frame ||= requestAnimationFrame(() => this.#drawNew());
  }

  /** Draws the text that was added; the box scrolls with it unless the reader has scrolled up. */
  #drawNew() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const follows = this.#box.scrollHeight - this.#box.scrollTop - this.#box.clientHeight < FOLLOWED;
    const tokens = this.#tokens.slice(this.#drawn);
    this.#drawn = this.#tokens.length;
    if (this.#coloured) {
      this.#characters.add(tokens);
    } else {
      this.#shown.append(tokens.map(({ token }) => token).join(""));
    }
    if (follows) {
      this.#box.scrollTop = this.#box.scrollHeight;
    }
  }

  /** Writes the text of the request. */
  async start(body, length, signal) {
    const { prompt, ...settings } = body;
    await this.#write({ prompt: prompt ?? "" }, settings, length, signal);
    this.isRepeatable = true;
  }

  /**
   * Continues the text from the saved state; a text that was stopped is read again. A longer request with the same
   * settings would have written the same.
   */
  async continue(settings, length, signal) {
    const { prompt, ...own } = this.request;
    const isRepeatable = this.isRepeatable && this.#state !== null && isSame(own, settings);
    this.isRepeatable = false;
    const isContinued = await this.#writeOn(this.#state ? { state: this.#state } : this.#fromText(), settings, length, signal);
    this.request = { ...this.request, max_tokens: this.#tokens.length };
    this.isRepeatable = isRepeatable && isContinued;
  }

  /** Writes from a start. If its state has expired, this method reads the text again instead and returns false. */
  async #writeOn(start, settings, length, signal) {
    try {
      await this.#write(start, settings, length, signal);
      return true;
    } catch (error) {
      if (!start.state || error.field !== "state") {
        throw error;
      }
      await this.#write(this.#fromText(), settings, length, signal);
      return false;
    }
  }

  #fromText() {
    return { prompt: asPrompt(this.text()) };
  }

  /** Puts another character in the place of one, and writes from there. */
  async rewriteFrom(index, token, settings, length, signal) {
    const piece = this.#pieces.filter(({ begin }) => begin <= index).at(-1);
    const before = this.#tokens.slice(piece.begin, index).map((each) => each.token).join("");
    const start = { ...piece.start, prompt: (piece.start.prompt ?? "") + before + token };
    const replaced = this.#tokens[index];
    const chosen = replaced.top?.find((other) => other.token === token);
    this.#tokens.splice(index, Infinity, { ...chosen, token, top: replaced.top, chosen: true });
    this.#pieces = this.#pieces.filter(({ begin }) => begin <= index);
    this.isRepeatable = false;
    this.#draw();
    await this.#writeOn(start, settings, length, signal);
  }

  /** Writes a text of some length, in pieces if it is coloured; the figures are those of the whole text. */
  async #write(start, settings, length, signal) {
    const begun = performance.now();
    this.describe("writing…");
    this.#alternatives.hidden = true;
    this.#state = null;
    let from = start;
    let left = length;
    try {
      do { // once in any case: the service rejects an illegal length
        const characters = this.#coloured ? Math.min(left, PIECE) : left;
        const figures = this.#coloured ? { logprobs: ALTERNATIVES } : {};
        const body = { ...settings, ...figures, ...from, max_tokens: characters, keep_state: true };
        const end = await this.#writePiece(from, body, signal);
        left = end.finish_reason === "length" ? left - characters : 0;
        from = { state: end.state };
        if (left === 0) {
          this.#finish(end, this.#seconds + (performance.now() - begun) / 1000);
        }
      } while (left > 0);
    } finally {
      this.#drawNew();
      this.#seconds += (performance.now() - begun) / 1000;
    }
  }

  async #writePiece(start, body, signal) {
    this.#pieces.push({ begin: this.#tokens.length, start });
    for await (const event of api.generate(body, signal)) {
      this.#add(event);
      if (event.error) {
        throw new api.Problem(event.error);
      }
      if (event.finish_reason) {
        return event;
      }
    }
    throw new api.Problem("The text has no end.");
  }

  #finish(event, seconds) {
    this.seed = event.seed;
    this.model = event.model_version;
    this.#state = event.state;
    const characters = this.#tokens.length;
    const reason = event.finish_reason === "stop" ? " The document has ended." : "";
    const writer = nameOf(event.model_version);
    this.describe(`${writer[0].toUpperCase()}${writer.slice(1)} wrote ${characters} characters, ${Math.round(characters / seconds)} in a second,`
      + ` with the seed ${event.seed}.${reason}`);
  }

  /** Lets the buttons be used, or not. */
  enable(enabled) {
    this.continueButton.disabled = !enabled || this.text() === "";
    this.scoreButton.disabled = !enabled || lengthOf(this.text()) < 2;
    this.#alternatives.hidden = true;
  }

  /** Shows what could stand in the place of a character, next to it. */
  #offer(token, index, span) {
    if (token.logprob === undefined) {
      this.#alternatives.hidden = true;
      return;
    }
    const others = (token.top ?? []).map((other) => element("li", {},
      button(`${visible(other.token)} ${percent(other.logprob)}`, () => this.rewrite(index, other.token), {
        className: "small", disabled: this.continueButton.disabled || other.token === token.token,
      })));
    this.#alternatives.replaceChildren(
      element("p", {}, `${visible(token.token)}: ${token.rank ? surprise(token) : `${percent(token.logprob)}, chosen by you`}`),
      element("ol", {}, ...others));
    this.#alternatives.hidden = false;
    const outer = this.#alternatives.parentElement.getBoundingClientRect();
    const inner = span.getBoundingClientRect();
    const left = Math.min(inner.left - outer.left, outer.width - this.#alternatives.offsetWidth);
    this.#alternatives.style.left = `${Math.max(0, left)}px`;
    this.#alternatives.style.top = `${inner.top - outer.top + inner.height}px`;
  }

  /** The box has the focus: a digit chooses an alternative of the selected character. */
  #keyPressed(event) {
    if (event.key === "Escape") {
      this.#alternatives.hidden = true;
    } else if (/^[1-9]$/.test(event.key) && !this.#alternatives.hidden) {
      this.#alternatives.querySelectorAll("button")[Number(event.key) - 1]?.click();
    }
  }
}
