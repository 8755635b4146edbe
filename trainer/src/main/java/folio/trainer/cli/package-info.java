/** The command line: a class for each command, and the groups of options that commands share. */
package folio.trainer.cli;
