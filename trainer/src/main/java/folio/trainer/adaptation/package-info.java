/** Networks that learn from a text while they read it. */
package folio.trainer.adaptation;
