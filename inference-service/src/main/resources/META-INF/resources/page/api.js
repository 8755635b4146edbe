// The client of the service. Every failure is a Problem with a sentence for the user.

/** The reason why a request failed. */
export class Problem extends Error {
  /** Creates a problem; it may name the field that it concerns and have a code. */
  constructor(message, { field, reason } = {}) {
    super(message);
    this.field = field;
    this.reason = reason;
  }
}

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
  const status = `The service answered with status ${response.status}.`;
  try {
    const problem = await response.json();
    return new Problem(problem.detail ?? status, problem);
  } catch {
    return new Problem(status);
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

const read = async (path) => (await ask(path)).json();

export const models = () => read("models");

export const checkpoints = () => read("checkpoints");

export const activations = () => read("activations");

export const parameters = () => read("parameters");

export const runs = () => read("runs");

export const run = (name) => read(`runs/${name}`);

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

const address = () => new URL("generate", document.baseURI);

/** Returns a curl command that sends the same request. */
export function curl(body) {
  const quoted = JSON.stringify(body).replaceAll("'", "'\\''");
  const authorization = key() ? ` -H "Authorization: Bearer $FOLIO_KEY"` : "";
  return `curl -N ${address()}${authorization} -H 'Accept: text/plain' -H 'Content-Type: application/json' -d '${quoted}'`;
}

/** Returns a Python program that sends the same request and prints the text as it arrives. */
export function python(body) {
  const authorization = key() ? `, "Authorization": "Bearer " + os.environ["FOLIO_KEY"]` : "";
  return `import io, json, ${key() ? "os, " : ""}sys, urllib.error, urllib.request

request = urllib.request.Request(
    "${address()}",
    data=json.dumps(${JSON.stringify(body)}).encode(),
    headers={"Content-Type": "application/json", "Accept": "text/plain"${authorization}})
try:
    with urllib.request.urlopen(request) as response:
        text = io.TextIOWrapper(response, "utf-8", newline="")
        while character := text.read(1):
            print(character, end="", flush=True)
except urllib.error.HTTPError as error:
    sys.exit(error.read().decode())
`;
}
