// The texts that were written in this browser before. They stay on this device.
import { button, byId, element } from "./dom.js";

const KEY = "folio.texts";
const MOST = 30;
const SHOWN_CHARACTERS = 60;

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? [];
  } catch { // somebody else's data
    return [];
  }
}

/** Stores texts; if there is not enough room, the oldest are dropped. */
function store(texts) {
  for (let count = texts.length; count >= 0; count--) {
    try {
      localStorage.setItem(KEY, JSON.stringify(texts.slice(0, count)));
      return;
    } catch { // the quota is exhausted
    }
  }
}

/** Keeps a text with the request that it was written from; its earlier version and equal texts are dropped. */
export function keep(id, text, body, model, seed) {
  const others = read().filter((entry) => entry.id !== id && entry.text !== text);
  store([{ id, text, body, model, seed }, ...others].slice(0, MOST));
}

/** Shows the list; onOpen receives the entry that a person has chosen. */
export function show(onOpen) {
  const texts = read();
  byId("earlier-box").hidden = texts.length === 0;
  byId("earlier-count").textContent = texts.length;
  byId("earlier").replaceChildren(...texts.map((entry, i) => {
    const beginning = [...entry.text.replace(/\s+/g, " ").trim()].slice(0, SHOWN_CHARACTERS).join("");
    const remove = button("Delete", () => {
      store(read().filter((other, k) => k !== i));
      show(onOpen);
    }, { className: "small", ariaLabel: `Delete ${beginning}` });
    return element("li", {}, button(beginning, () => onOpen(entry), { className: "link" }), remove);
  }));
  byId("forget").onclick = () => {
    store([]);
    show(onOpen);
  };
}
