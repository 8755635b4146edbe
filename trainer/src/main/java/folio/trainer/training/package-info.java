/** What makes a network better, and how good it is. */
package folio.trainer.training;
