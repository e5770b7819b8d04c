package io.forebay.store.io;

import io.forebay.store.testing.Effort;
import io.forebay.store.testing.Figures;
import org.junit.jupiter.api.Test;

/**
 * The code of local files itself crashes, after each change that it makes: with hard links, and on a file system without them,
 * where files are renamed and copied.
 */
class LocalFileStoreCrashTest {
    @Test
    void withLinks() throws Exception {
        explore(true, "LocalFileStoreCrashTest");
    }

    @Test
    void withoutLinks() throws Exception {
        explore(false, "LocalFileStoreCrashTest-renames");
    }

    private static void explore(boolean links, String name) throws Exception {
        Figures figures = new Figures(name);
        try {
            new LocalCrashes(links, (int) Effort.of("crash.local", 10, 1_000), figures).run();
        } finally {
            figures.write();
        }
    }
}
