// Problems with a text that a person has typed or opened.
import { label } from "./controls.js";
import { button, byId, clearProblems, element, showProblem } from "./dom.js";
import * as serving from "./serving.js";
import { inWords, replaceUnknown } from "./vocabulary.js";

/** Puts known characters in the place of the unknown ones of a field. */
function replaceIn(field, known) {
  const typed = [...field.value];
  field.value = replaceUnknown(field.value, known);
  clearProblems();
  const hint = byId(field.dataset.hint);
  hint.textContent = field.value === "" ? `The model knows none of the ${typed.length} characters, so nothing is left.`
    : "Similar characters have replaced those that the model does not know; others are left out.";
  field.focus();
}

/**
 * Shows an error at its field, with the name that the page gives the field. For a character that the model does not
 * know, it lists the known ones and offers to replace the others.
 */
export function showRequestProblem(error) {
  const field = error.field && byId(error.field);
  if (field && document.querySelector(`label[for="${error.field}"]`)) {
    error.message = error.message.replace(/^[a-z_]+(?= is |: )/, label(error.field).replace(/ \(.*/, ""));
  }
  if (error.reason !== "unknown_character" || !field) {
    showProblem(error);
    return;
  }
  const known = serving.current()?.characters ?? [];
  showProblem(error, element("p", {}, `The model knows: ${inWords(known)}.`),
    button("Replace what it does not know", () => replaceIn(field, known), { className: "small replace" }));
}
