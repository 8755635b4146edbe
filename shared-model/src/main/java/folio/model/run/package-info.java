/** The record of a training run, and the runs in a store, which services show while they train. */
package folio.model.run;
