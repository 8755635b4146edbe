/** A run's record, and how people see it: on the console, as live metrics, as charts and report. */
package folio.trainer.report;
