/**
 * Errors on the wire: RFC 9457 problem documents, OpenAI's error shape, and the table from
 * exception to problem.
 */
package folio.inference.api.problem;
