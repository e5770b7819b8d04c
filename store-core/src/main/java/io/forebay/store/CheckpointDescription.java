package io.forebay.store;

import java.util.List;

/**
 * What the metadata of a checkpoint holds.
 *
 * @param files physical files, each once
 * @param payload bytes of the caller
 * @param entries estimated number of entries
 */
public record CheckpointDescription(List<CheckpointFile> files, byte[] payload, long entries) {}
