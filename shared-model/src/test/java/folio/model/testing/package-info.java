/** What the tests of all modules share. */
package folio.model.testing;
