/**
 * The definitions that the trainer and the service share: the characters ({@link
 * folio.model.vocabulary}), the network ({@link folio.model.network}), the choice of the next
 * character ({@link folio.model.sampling}), the files of a checkpoint ({@link
 * folio.model.checkpoint}) and the storage that holds them ({@link folio.model.storage}).
 */
package folio.model;
