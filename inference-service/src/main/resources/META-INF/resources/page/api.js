// The client of the service. Every failure is a Problem with a sentence for the user.

/** The reason why a request failed. */
export class Problem extends Error {}

const KEY = "key";

/** Returns the API key, which every request carries until the tab is closed. */
export const key = () => sessionStorage.getItem(KEY) ?? "";

export const useKey = (value) => sessionStorage.setItem(KEY, value);

/** The event that the document receives when the service requires a key. */
export const KEY_WANTED = "key-wanted";

async function problemOf(response) {
  if (response.status === 401) {
    document.dispatchEvent(new Event(KEY_WANTED));
  }
  try {
    const problem = await response.json();
    return new Problem(problem.detail ?? `The service answered with status ${response.status}.`);
  } catch {
    return new Problem(`The service answered with status ${response.status}.`);
  }
}

async function ask(path, options) {
  let response;
  try {
    const authorization = key() ? { Authorization: `Bearer ${key()}` } : {};
    response = await fetch(path, { ...options, headers: { ...options?.headers, ...authorization } });
  } catch (error) {
    throw error.name === "AbortError" ? error : new Problem("The service cannot be reached. Is it running?");
  }
  if (!response.ok) {
    throw await problemOf(response);
  }
  return response;
}

const json = (body, accept) => ({
  method: "POST",
  headers: { "Content-Type": "application/json", Accept: accept },
  body: JSON.stringify(body),
});

export const models = async () => (await ask("models")).json();

export const checkpoints = async () => (await ask("checkpoints")).json();

export const parameters = async () => (await ask("parameters")).json();

export const score = async (body) => (await ask("score", json(body, "application/json"))).json();

/** Yields the events of a generation until it ends or the signal aborts it. */
export async function* generate(body, signal) {
  const response = await ask("generate", { ...json(body, "text/event-stream"), signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) {
      throw new Problem("The connection closed before the text ended.");
    }
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line === "data: [DONE]") {
        return;
      }
      if (line.startsWith("data: ")) {
        yield JSON.parse(line.slice(6));
      }
    }
  }
}

/** Returns a curl command that sends the same request. */
export function curl(body) {
  const quoted = JSON.stringify(body).replaceAll("'", "'\\''");
  const url = new URL("generate", document.baseURI);
  const authorization = key() ? ` -H "Authorization: Bearer $FOLIO_KEY"` : "";
  return `curl -N ${url}${authorization} -H 'Content-Type: application/json' -d '${quoted}'`;
}
