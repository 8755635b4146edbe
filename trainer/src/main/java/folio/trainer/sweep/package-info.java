/** Many training runs from one file, each a process of its own, and the table of what they gave. */
package folio.trainer.sweep;
