/** What an operator sees: metrics and health. */
package folio.inference.observability;
