/**
 * The routes below {@code /v1} for OpenAI's clients. They translate OpenAI's requests and answers
 * to and from those of the generate package.
 */
package folio.inference.api.openai;
