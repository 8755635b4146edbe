/**
 * Sweeps: many training runs from one file, each in a process of its own, and the table and
 * pictures of their results.
 */
package folio.trainer.sweep;
