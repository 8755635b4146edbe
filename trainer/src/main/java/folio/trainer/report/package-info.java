/** What a person sees of a run, and the record that it leaves. */
package folio.trainer.report;
