/** The command line: one class per command, and the option groups that commands share. */
package folio.trainer.cli;
