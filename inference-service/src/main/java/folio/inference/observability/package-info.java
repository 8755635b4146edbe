/** Metrics and health checks for operators. */
package folio.inference.observability;
