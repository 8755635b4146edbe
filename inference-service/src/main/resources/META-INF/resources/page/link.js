// The address bar holds what the text was written from, so that a link shows the same text.

/** Returns the view that the address names, or the empty string. */
export const view = () => location.hash.slice(1).split("?")[0];

/** Returns the request that the address holds, or null. */
export function read() {
  const query = location.hash.split("?")[1];
  if (!query) {
    return null;
  }
  const texts = Object.fromEntries(new URLSearchParams(query));
  const { prompt, model, ...numbers } = texts;
  const body = {};
  for (const [name, text] of Object.entries(numbers)) {
    if (text.trim() !== "" && !Number.isNaN(Number(text))) {
      body[name] = Number(text);
    }
  }
  return { body: prompt === undefined ? body : { prompt, ...body }, model: model ?? null };
}

/** Returns the address of a request and the model that ran it. */
export function to(body, model) {
  const address = new URL(location.href);
  address.hash = `write?${new URLSearchParams({ ...body, ...(model && { model }) })}`;
  return address.href;
}

/** Removes the request from the address bar, because no request describes the text. */
export const clear = () => history.replaceState(null, "", "#write");

/** Writes a request into the address bar; the browser's history gets no entry. */
export const show = (body, model) => history.replaceState(null, "", to(body, model));
