package io.forebay.store.harness.crash;

import io.forebay.store.KeyRange;
import io.forebay.store.testing.Model;

/**
 * A directory beside that of the store: a checkpoint, or a store restored from one.
 *
 * @param source directory of the checkpoint that it is restored from; null for a checkpoint
 * @param clip of the restore
 * @param state of the checkpoint, without the clip
 * @param acknowledged true when the call that made it has returned: then it must be there
 */
record Saved(String directory, String source, KeyRange clip, String payload, Model state, boolean acknowledged) {
    Saved done() {
        return new Saved(directory, source, clip, payload, state, true);
    }
}
