/** The optimization of a network: gradients, optimizer, schedule, dropout and weight average. */
package folio.trainer.training;
