/**
 * Verification of a store or a backup: every file that the metadata names is read, and checked against its checksums
 * and against what the metadata says about it.
 *
 * <p>{@code Verification} is the entry, for an open store as well as for one that is closed. {@code BackupVerification}
 * reads what {@code Checkpoint.writeTo} made, {@code WalVerification} the write-ahead logs. {@code DirectoryKind} tells
 * what a directory is, by the names in it. Nothing is changed, and no memory of the budget is used.
 */
package io.forebay.store.verify;
