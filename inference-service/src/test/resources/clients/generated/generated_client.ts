// Calls every endpoint with the typescript-fetch client of openapi-generator: node generated_client.js ROOT KEY
// The generated code sends no Accept header, so the configuration sets the one for answers.
import { strict as assert } from "node:assert";
import {
  Configuration,
  GenerateApi,
  GenerateEventFromJSON,
  ModelsApi,
  OpenAiErrorFromJSON,
  OpenaiApi,
  ProblemFromJSON,
  ResponseError,
  ScoreApi,
} from "./client/index";

const [root, key] = process.argv.slice(2);
const headers = { Accept: "application/json" };
const configuration = new Configuration({ basePath: root, accessToken: key, headers });
const generate = new GenerateApi(configuration);
const models = new ModelsApi(configuration);
const openai = new OpenaiApi(configuration);

async function rejected(status: number, call: Promise<unknown>): Promise<any> {
  try {
    await call;
  } catch (error) {
    assert(error instanceof ResponseError, String(error));
    assert.equal(error.response.status, status);
    return error.response.json();
  }
  throw new Error("the request was not rejected");
}

async function main() {
  // Models, checkpoints, runs and parameters.
  const current = await models.getModel({ version: "current" });
  assert((await models.listModels()).some((model) => model.version === current.version));
  assert((await models.listCheckpoints()).some((checkpoint) => checkpoint.version === current.version));
  assert.equal((await models.listActivations()).at(-1)?.version, current.version);
  assert.deepEqual(await models.listRuns(), []);
  assert.equal(ProblemFromJSON(await rejected(404, models.getRun({ run: "none" }))).reason, "unknown_run");
  assert.equal((await generate.listParameters()).temperature.maximum, 2);
  const unknown = ProblemFromJSON(await rejected(404, models.getModel({ version: "none" })));
  assert.equal(unknown.reason, "unknown_model");

  // The answer and the streams of a request have the same text.
  const request = { prompt: "ROMEO:", maxTokens: 20, seed: 7, stop: null };
  const answer = await generate.generate({ xRequestId: "generated", generateRequest: request });
  assert.equal([...(answer.text ?? "")].length, 20); // characters, not UTF-16 units
  assert.equal(answer.seed, 7);
  assert.equal(answer.usage?.totalTokens, 26);
  const stream = async (accept: string) => {
    const response = await generate.generateRaw({ generateRequest: request }, async ({ init }) => ({
      headers: { ...init.headers, Accept: accept },
    }));
    assert(response.raw.headers.get("Content-Type")?.startsWith(accept));
    return response.raw.text();
  };
  const textOf = (events: string[]) =>
    events.map((event) => GenerateEventFromJSON(JSON.parse(event)).text).join("");
  assert.equal(await stream("text/plain"), answer.text);
  assert.equal(textOf((await stream("application/x-ndjson")).split("\n").filter((line) => line)), answer.text);
  const events = (await stream("text/event-stream")).split("\n").filter((line) => line);
  assert.equal(events.pop(), "data: [DONE]");
  assert.equal(textOf(events.map((line) => line.slice("data: ".length))), answer.text);
  assert.equal((await generate.generate()).usage?.completionTokens, 256);
  const invalid = ProblemFromJSON(await rejected(400, generate.generate({ generateRequest: { temperature: 9 } })));
  assert.deepEqual([invalid.field, invalid.reason], ["temperature", "out_of_range"]);

  // A score.
  const scored = await new ScoreApi(configuration).score({ scoreRequest: { text: "ROMEO:", top: 2 } });
  assert.equal(scored.tokens?.length, 6);
  assert.equal(scored.tokens?.[0].logprob, undefined);
  assert.equal(scored.tokens?.[5].top?.length, 2);

  // OpenAI's routes: a text, a list of texts, log-probabilities with null, and a stream.
  assert.equal((await openai.listOpenAiModels()).data?.[0].id, "current");
  assert.equal((await openai.getOpenAiModel({ id: "current" })).object, "model");
  const one = await openai.createCompletion({
    completionRequest: { prompt: "ROMEO:", maxTokens: 20, seed: 7, echo: true, logprobs: 1 },
  });
  assert.equal(one.choices?.[0].text, "ROMEO:" + answer.text);
  assert.equal(one.choices?.[0].logprobs?.tokenLogprobs?.[0], null);
  const two = await openai.createCompletion({ completionRequest: { prompt: ["A", "B"] } });
  assert.equal(two.choices?.length, 2);
  const streamed = await openai.createCompletionRaw({ completionRequest: { prompt: "A", stream: true } });
  assert.match(await streamed.raw.text(), /^data: \{.*data: \[DONE\]\n\n$/s);
  const missing = OpenAiErrorFromJSON(await rejected(404, openai.getOpenAiModel({ id: "none" })));
  assert.equal(missing.error?.code, "model_not_found");

  // A request without a key.
  await rejected(401, new ModelsApi(new Configuration({ basePath: root, headers })).listModels());
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
