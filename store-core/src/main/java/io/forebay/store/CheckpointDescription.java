package io.forebay.store;

import java.util.List;
import java.util.Set;

/**
 * What the metadata of a checkpoint holds. See {@link Environment#describe(byte[])}.
 *
 * @param files physical files, each once
 * @param payload bytes that the caller gave to {@link Store#checkpoint}
 * @param entries estimated number of entries
 * @param keyIds ids of the master keys that the files and the metadata need; empty when nothing is encrypted
 */
public record CheckpointDescription(List<CheckpointFile> files, byte[] payload, long entries, Set<String> keyIds) {}
