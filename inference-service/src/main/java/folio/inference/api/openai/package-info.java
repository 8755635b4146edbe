/**
 * The routes under {@code /v1} for OpenAI's clients, translated to and from the generate room's
 * requests.
 */
package folio.inference.api.openai;
