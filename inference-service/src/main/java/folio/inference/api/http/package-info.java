/**
 * What every route shares: connection limits, request bodies, content negotiation, API keys and
 * stream writing.
 */
package folio.inference.api.http;
