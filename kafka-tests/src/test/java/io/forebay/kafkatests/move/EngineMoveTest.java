package io.forebay.kafkatests.move;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.kafkatests.move.Kind.Engine;
import java.io.File;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A store has the rows that its changelog tells of, whichever engine has kept it before, and however it ended. */
class EngineMoveTest {
    private static final int HISTORIES =
            Integer.getInteger("forebay.moves", Boolean.getBoolean("forebay.long") ? 300 : 3);
    private static final int LIVES = 8;

    @TempDir
    File dir;

    /** The least that must not go wrong: a key that is deleted under the other engine stays deleted. */
    @ParameterizedTest
    @CsvSource({"KEY_VALUE,false", "KEY_VALUE,true", "WINDOW,false", "WINDOW,true", "SESSION,false", "SESSION,true"})
    void aDeletedKeyDoesNotComeBack(Kind kind, boolean exactlyOnce) {
        Changelog changelog = new Changelog();
        Task task = new Task(kind, changelog, exactlyOnce, new File(dir, "0_0"));
        Engine[] engines = {Engine.ROCKS_DB, Engine.FOREBAY, Engine.ROCKS_DB, Engine.FOREBAY, Engine.ROCKS_DB};
        for (int life = 0; life < engines.length; life++) {
            task.startUp(engines[life]);
            task.open(engines[life]);
            assertThat(task.rows()).as("life %d, in %s", life, engines[life]).isEqualTo(changelog.rows());
            task.process("kept", "of life " + life);
            task.process("born-in-" + life, "v");
            if (life > 0) {
                task.process("born-in-" + (life - 1), null);
            }
            task.close();
            changelog.compact(changelog.end());
        }
    }

    @ParameterizedTest
    @CsvSource({"KEY_VALUE,false", "KEY_VALUE,true", "WINDOW,false", "WINDOW,true", "SESSION,false", "SESSION,true"})
    void anyHistoryEndsWithTheRowsOfTheChangelog(Kind kind, boolean exactlyOnce) {
        Long given = Long.getLong("forebay.seed");
        for (int i = 0; i < (given == null ? HISTORIES : 1); i++) {
            long seed = given == null ? ThreadLocalRandom.current().nextLong(1L << 48) : given;
            try {
                history(kind, exactlyOnce, new Random(seed), new File(dir, "history-" + i));
            } catch (RuntimeException | Error e) {
                throw new AssertionError(
                        "Reproduce: mvn -pl kafka-tests -am test -Dtest=EngineMoveTest -Dforebay.seed=" + seed + " ("
                                + kind + ", exactly-once: " + exactlyOnce + ")",
                        e);
            }
        }
    }

    private static void history(Kind kind, boolean exactlyOnce, Random random, File state) {
        Changelog changelog = new Changelog();
        Task task = new Task(kind, changelog, exactlyOnce, new File(state, "0_0"));
        // What was written since is not durable in either engine, and younger than what the changelog has forgotten.
        long closed = 0;
        for (int life = 0; life < LIVES; life++) {
            Engine engine = random.nextBoolean() ? Engine.FOREBAY : Engine.ROCKS_DB;
            if (random.nextBoolean()) {
                task.startUp(engine);
            }
            task.open(engine);
            assertThat(task.rows()).as("life %d, in %s", life, engine).isEqualTo(changelog.rows());
            for (int n = random.nextInt(12); n > 0; n--) {
                String key = "key-" + random.nextInt(6);
                task.process(key, random.nextInt(3) == 0 ? null : "v" + random.nextInt(1000));
                if (random.nextInt(4) == 0) {
                    task.commitInterval();
                }
            }
            if (random.nextInt(3) == 0) {
                task.kill();
            } else {
                task.close();
                closed = changelog.end();
            }
            if (random.nextInt(3) > 0) {
                changelog.compact(closed);
            }
        }
    }
}
