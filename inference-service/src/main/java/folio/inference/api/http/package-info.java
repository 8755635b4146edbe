/**
 * The HTTP layer that every route shares: connection limits, request bodies, content negotiation,
 * API keys and the writing of streams.
 */
package folio.inference.api.http;
