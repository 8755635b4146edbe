// The page shows text only through textContent, so the browser never parses user input or generated text as HTML.

export const byId = (id) => document.getElementById(id);

/** Creates an element with properties and children; a string becomes a text node. */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** Returns a button that does something. */
export function button(text, onClick, properties = {}) {
  const made = element("button", { type: "button", ...properties }, text);
  made.addEventListener("click", onClick);
  return made;
}

const COPIED_MILLISECONDS = 2000;

/** Copies a text and says so on the button for a moment; without permission, the text is shown instead. */
export async function copy(text, from, place) {
  const label = from.dataset.label ?? from.textContent;
  from.dataset.label = label;
  try {
    await navigator.clipboard.writeText(text);
    from.textContent = "Copied";
    setTimeout(() => { from.textContent = label; }, COPIED_MILLISECONDS);
  } catch { // without permission, or without HTTPS
    place.textContent = text;
    place.hidden = false;
  }
}

/** Hides every problem. */
export function clearProblems() {
  byId("problem").hidden = true;
  for (const shown of document.querySelectorAll(".wrong")) {
    shown.remove();
  }
  for (const field of document.querySelectorAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
    field.setAttribute("aria-describedby", field.dataset.describedBy ?? "");
  }
}

/** Shows the message of an error at the field that it concerns, or at the top of the page. */
export function showProblem(error, ...offers) {
  clearProblems();
  const field = error.field && byId(error.field);
  if (!field || field.closest("[hidden]")) {
    byId("problem").textContent = error.message;
    byId("problem").hidden = false;
    return;
  }
  field.closest("details")?.setAttribute("open", "");
  field.dataset.describedBy ??= field.getAttribute("aria-describedby") ?? "";
  const message = element("div", { className: "wrong", id: `${field.id}-problem`, role: "alert" }, error.message, ...offers);
  (field.parentElement.querySelector(`[data-for="${field.id}"]`) ?? field).after(message);
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", `${field.dataset.describedBy} ${message.id}`.trim());
}

/** Returns a character, or a name for white space. */
export const visible = (character) => ({ "\n": "⏎ line break", " ": "␣ space", "\t": "⇥ tab" })[character] ?? character;

/** Returns a duration in the unit that a person would use. */
export function duration(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) {
    return `${whole} s`;
  }
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
