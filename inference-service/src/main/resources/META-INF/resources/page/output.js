// A text that is being written, with its figures and its own button to continue it.
import * as api from "./api.js";
import { element } from "./dom.js";

/** The distance in pixels from the end of a box within which it still follows the text. */
const FOLLOWED = 40;

const lengthOf = (text) => [...text].length;

export class Output {
  #prompt;
  #written = element("span");
  #box;
  #about = element("p", { className: "about", role: "status" });
  #seconds = 0;

  /** The seed of the text, or null before its first end. */
  seed = null;

  /** The state from which the service can continue the text, or null. */
  state = null;

  /** Adds a box for the text of a request. */
  constructor(place, title, request, onContinue) {
    this.#prompt = request.prompt ?? "";
    this.temperature = request.temperature;
    this.continueButton = element("button", { type: "button", className: "continue", disabled: true }, "Continue");
    this.continueButton.addEventListener("click", () => onContinue(this));
    this.#box = element("pre", { className: "text", tabIndex: 0, ariaLabel: title },
      element("span", { className: "prompt" }, this.#prompt), this.#written);
    place.append(element("div", {}, element("h3", {}, title), this.#box, this.#about, this.continueButton));
  }

  /** Returns the prompt with everything that was written. */
  text() {
    return this.#prompt + this.#written.textContent;
  }

  describe(sentence) {
    this.#about.textContent = sentence;
  }

  /** Adds text; the box scrolls with it unless the reader has scrolled up. */
  #add(text) {
    const follows = this.#box.scrollHeight - this.#box.scrollTop - this.#box.clientHeight < FOLLOWED;
    this.#written.append(text);
    if (follows) {
      this.#box.scrollTop = this.#box.scrollHeight;
    }
  }

  /** Appends the text of a request as it arrives; the figures are those of the whole text. */
  async write(body, signal) {
    const begun = performance.now();
    this.describe("writing…");
    this.state = null;
    try {
      for await (const event of api.generate({ ...body, keep_state: true }, signal)) {
        this.#add(event.text);
        if (event.error) {
          throw new api.Problem(event.error);
        }
        if (event.finish_reason) {
          this.#finish(event, this.#seconds + (performance.now() - begun) / 1000);
        }
      }
    } finally {
      this.#seconds += (performance.now() - begun) / 1000;
    }
  }

  #finish(event, seconds) {
    this.seed = event.seed;
    this.state = event.state;
    const characters = lengthOf(this.#written.textContent);
    this.describe(`${characters} characters by ${event.model_version}, ${Math.round(characters / seconds)} characters/s,`
      + ` seed ${event.seed}, ended by ${event.finish_reason}`);
  }
}
