import * as api from "./api.js";
import { Characters, percent, surprise } from "./characters.js";
import { mostCharacters } from "./controls.js";
import { button, byId, clearProblems, element, visible } from "./dom.js";
import { unsure } from "./losses.js";
import { showRequestProblem } from "./problems.js";
import * as serving from "./serving.js";

/** A run of at least this many characters, each at least this probable, counts as memorised. */
const MEMORISED = { characters: 16, probability: 0.9 };
const ALTERNATIVES = 5;
const HARDEST_WORDS = 10;
/** The number of models whose answers stand next to each other. */
const MOST_MODELS = 2;

/** The answers for one text, by model, the newest last. */
let answers = new Map();
let scored = null;

/** Returns the indices of the characters that the model has probably memorised. */
function memorised(tokens) {
  const marked = new Set();
  let begin = 1;
  for (let i = 1; i <= tokens.length; i++) {
    if (i < tokens.length && Math.exp(tokens[i].logprob) >= MEMORISED.probability) {
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

/** Returns the words that surprised the model most, by the sum over their characters, each once, hardest first. */
function hardestWords(tokens) {
  const words = [];
  let word = null;
  tokens.forEach(({ token, logprob }, i) => {
    if (!/[\p{L}\p{N}'’]/u.test(token)) {
      word = null;
      return;
    }
    if (word === null) {
      word = { text: "", nats: 0, begin: i };
      words.push(word);
    }
    word.text += token;
    word.nats -= logprob ?? 0;
  });
  words.sort((a, b) => b.nats - a.nats);
  const first = new Map();
  words.forEach((each) => first.set(each.text, { count: 0, ...first.get(each.text) ?? each }));
  words.forEach((each) => { first.get(each.text).count++; });
  return [...first.values()].slice(0, HARDEST_WORDS);
}

/** Shows what the model expected in the place of a character. */
function describe(place, token) {
  if (token.logprob === undefined) {
    place.replaceChildren(element("p", {}, `${visible(token.token)}: nothing predicts the first character.`));
    return;
  }
  const others = token.top.map((other) => element("li", {}, `${visible(other.token)} ${percent(other.logprob)}`));
  place.replaceChildren(
    element("p", {}, `${visible(token.token)}: ${surprise(token)}. Expected:`), element("ol", {}, ...others));
}

/** Returns the answer of one model as an element. */
function column(answer) {
  const { tokens } = answer;
  const marked = memorised(tokens);
  const about = element("div", { className: "about-character", id: `about-${answer.model_version}` });
  about.setAttribute("aria-live", "polite");
  const box = element("div", { className: "coloured", tabIndex: 0, role: "application",
    ariaLabel: `Text coloured by ${answer.model_version}; arrow keys move from character to character` });
  box.setAttribute("aria-describedby", about.id);
  const characters = new Characters(box, (token) => describe(about, token));
  characters.show(tokens, (i) => (marked.has(i) ? "memorised" : ""));
  const words = hardestWords(tokens).map((word) => element("li", {},
    button(`${word.text} ${word.nats.toFixed(1)}${word.count > 1 ? ` (${word.count} times)` : ""}`, () => characters.select(word.begin), { className: "small" })));
  characters.select(Math.min(1, tokens.length - 1));
  const nats = answer.nats_per_token;
  const note = marked.size === 0 ? "" : ` ${marked.size} characters are probably memorised (underlined).`;
  return element("div", {},
    element("p", { className: "losses", role: "status" },
      `${answer.model_version}: ${nats.toFixed(4)} nats, ${answer.bits_per_token.toFixed(4)} bits per character,`
      + ` ${unsure(nats)}.${note}`),
    box, about,
    element("h3", {}, "Hardest words, in nats"),
    element("ul", { className: "words" }, ...words));
}

/** Returns the model that a person has chosen, as a request names it. */
const chosenModel = () => (byId("model-choice").hidden ? {} : { model: byId("model").value });

/** Scores the text of the box. The answer of another model for the same text stays next to the new one. */
async function scoreBox() {
  clearProblems();
  byId("judge").disabled = true;
  const text = byId("scored-text").value;
  try {
    const answer = await api.score({ text, top: ALTERNATIVES, ...chosenModel() });
    if (text !== scored) {
      answers = new Map();
      scored = text;
    }
    answers.delete(answer.model_version);
    answers.set(answer.model_version, answer);
    answers = new Map([...answers].slice(-MOST_MODELS));
    byId("scored").replaceChildren(...[...answers.values()].map(column));
    byId("compare-hint").hidden = answers.size === MOST_MODELS;
  } catch (error) {
    if (text !== scored) {
      byId("scored").replaceChildren(); // the answer is that of another text
    }
    showRequestProblem(Object.assign(error, { field: error.field === "text" ? "scored-text" : error.field }));
  } finally {
    byId("judge").disabled = false;
  }
}

/** Shows a text in this view and scores it. */
export function scoreText(text) {
  location.hash = "score";
  setText(text);
  return scoreBox();
}

/** Puts a text into the box, or as much of it as the service accepts. */
function setText(text) {
  const characters = [...text];
  const most = mostCharacters();
  byId("scored-text").value = characters.slice(0, most).join("");
  byId("scored-hint").textContent = characters.length <= most ? ""
    : `The first ${most.toLocaleString()} of ${characters.length.toLocaleString()} characters are shown; that is the limit of this service.`;
}

async function openFile(file) {
  if (file) {
    const most = 4 * mostCharacters() + 4; // a character has at most 4 bytes
    const text = await file.slice(0, most).text();
    setText(text.replaceAll("\r\n", "\n"));
    await scoreBox();
  }
}

/** Offers the loaded models if there are several. */
function offerModels() {
  const select = byId("model");
  const versions = serving.loaded().filter(({ state }) => state !== "candidate").map(({ version }) => version).reverse();
  byId("model-choice").hidden = versions.length < 2;
  if (versions.join() !== [...select.options].map(({ value }) => value).join()) {
    select.replaceChildren(...versions.map((version) => new Option(version, version)));
  }
}

export function start() {
  byId("score-form").addEventListener("submit", (event) => {
    event.preventDefault();
    scoreBox();
  });
  const box = byId("scored-text");
  box.addEventListener("dragover", (event) => {
    event.preventDefault();
    box.classList.add("over");
  });
  box.addEventListener("dragleave", () => box.classList.remove("over"));
  box.addEventListener("drop", (event) => {
    box.classList.remove("over");
    if (event.dataTransfer.files.length > 0) {
      event.preventDefault();
      openFile(event.dataTransfer.files[0]);
    }
  });
  byId("file").addEventListener("change", () => openFile(byId("file").files[0]));
  document.addEventListener(serving.POLLED, offerModels);
}
