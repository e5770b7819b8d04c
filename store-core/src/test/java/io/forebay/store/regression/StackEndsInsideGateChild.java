package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;

/** Compacts a store, or takes checkpoints of it, from the last frames of stacks of many sizes, and uses the store after that. */
final class StackEndsInsideGateChild {
    private static final int ROUNDS = 14;
    /** Frames of the caller below which it calls the store. */
    private static final int LAST_FRAMES = 700;

    private static final byte[] KEY = "key".getBytes(UTF_8);

    private final Runnable call;
    private int made;

    private StackEndsInsideGateChild(Runnable call) {
        this.call = call;
    }

    /** @param args compact or checkpoint */
    public static void main(String[] args) throws InterruptedException {
        for (int round = 0; round < ROUNDS; round++) {
            try (Environment environment =
                    Environment.builder().memoryBytes(16 << 20).build()) {
                Store store = environment.open(FileStores.inMemory(), StoreOptions.defaults());
                store.put(KEY, KEY);
                store.commit(KEY);
                store.flush();
                store.compact();
                store.put(KEY, KEY);
                store.checkpoint(KEY).close(); // its classes are there from now on
                boolean checkpoints = args[0].equals("checkpoint");
                Runnable call = checkpoints ? () -> store.checkpoint(KEY).close() : store::compact;
                atTheEndOfAStack(160 + 2 * round << 10, call);
                if (store.statistics().readOnlyCause() == null) {
                    store.put(KEY, KEY);
                    store.checkpoint(KEY).completion().join();
                }
                store.discard();
            }
        }
        System.out.println("done");
    }

    /** Makes the call again and again, each time with one frame more left. */
    private static void atTheEndOfAStack(int bytes, Runnable call) throws InterruptedException {
        Thread thread = new Thread(null, new StackEndsInsideGateChild(call)::descend, "deep", bytes);
        thread.start();
        thread.join();
    }

    @SuppressWarnings("InfiniteRecursion") // that is what it is for
    private void descend() {
        try {
            descend();
        } catch (StackOverflowError e) {
            // this is the last frame
        }
        if (made++ < LAST_FRAMES) {
            call();
        }
    }

    private void call() {
        try {
            call.run();
        } catch (StackOverflowError | ReadOnlyStoreException e) {
            // what the frames left do not suffice for
        }
    }
}
