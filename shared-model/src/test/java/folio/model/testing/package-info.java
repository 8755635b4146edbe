/** The test fixtures and rules that all modules share. */
package folio.model.testing;
