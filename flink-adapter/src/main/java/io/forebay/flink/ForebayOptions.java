package io.forebay.flink;

import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.MemorySize;

/**
 * Options of the Forebay state backend. All are optional. A number out of its range is refused when the backend is
 * configured. For a size out of its range the nearest allowed size is taken.
 */
@PublicEvolving
public final class ForebayOptions {
    /** Where timers are kept. */
    public enum TimerService {
        /** Timers are rows of the store. */
        FOREBAY,
        /** Timers are objects on the heap. Each snapshot writes all of them. */
        HEAP
    }

    public static final ConfigOption<Boolean> USE_MANAGED_MEMORY = ConfigOptions.key(
                    "state.backend.forebay.memory.managed")
            .booleanType()
            .defaultValue(true)
            .withDescription("Whether all Forebay state of a task slot lives within the managed memory of the slot: "
                    + "memtables, block cache and file metadata together never exceed it. Less than 1 mb is taken as "
                    + "1 mb, with a warning.");

    public static final ConfigOption<MemorySize> FIXED_MEMORY_PER_SLOT = ConfigOptions.key(
                    "state.backend.forebay.memory.fixed-per-slot")
            .memoryType()
            .noDefaultValue()
            .withDescription("A fixed amount of memory for all Forebay state of a task slot, outside managed memory. "
                    + "Overrides '" + USE_MANAGED_MEMORY.key() + "'. Less than 1 mb is taken as 1 mb, with a warning.");

    public static final ConfigOption<MemorySize> MEMORY_PER_BACKEND = ConfigOptions.key(
                    "state.backend.forebay.memory.per-backend")
            .memoryType()
            .defaultValue(MemorySize.ofMebiBytes(64))
            .withDescription("Memory for each keyed operator instance if '" + USE_MANAGED_MEMORY.key()
                    + "' is off and '" + FIXED_MEMORY_PER_SLOT.key() + "' is not set. Less than 1 mb is taken as 1 mb, "
                    + "with a warning.");

    public static final ConfigOption<MemorySize> MEMTABLE_SIZE = ConfigOptions.key(
                    "state.backend.forebay.memtable.size")
            .memoryType()
            .noDefaultValue()
            .withDescription("Size at which the memtable of an operator instance is written to a file. By default a "
                    + "quarter of the slot's memory, at most 64 mb. Memory pressure makes it happen earlier. Sizes "
                    + "below 64 kb are taken as 64 kb, those above 1 gb as 1 gb.");

    public static final ConfigOption<MemorySize> VALUE_FILE_THRESHOLD = ConfigOptions.key(
                    "state.backend.forebay.value-file.threshold")
            .memoryType()
            .defaultValue(MemorySize.ZERO)
            .withDescription(
                    "Size from which on a value is written to a value file beside the file with its key, which "
                            + "compactions do not write again. 0 for never; sizes above 1 mb are taken as 1 mb.");

    public static final ConfigOption<String> LOCAL_DIRECTORIES = ConfigOptions.key("state.backend.forebay.localdir")
            .stringType()
            .noDefaultValue()
            .withDescription("The local directory of the TaskManager where Forebay keeps its working files; several "
                    + "may be given, separated by comma or path separator, and are used in turn. Paths must be "
                    + "absolute. By default the TaskManager's temporary directory.");

    public static final ConfigOption<TimerService> TIMER_SERVICE_FACTORY = ConfigOptions.key(
                    "state.backend.forebay.timer-service.factory")
            .enumType(TimerService.class)
            .defaultValue(TimerService.FOREBAY)
            .withDescription("Where timers live: FOREBAY keeps them as rows beside the other state, HEAP as objects. "
                    + "With HEAP each snapshot writes all timers while the task waits.");

    public static final ConfigOption<Integer> TIMER_SERVICE_CACHE_SIZE = ConfigOptions.key(
                    "state.backend.forebay.timer-service.cache-size")
            .intType()
            .defaultValue(512)
            .withDescription("How many of the next timers of each key group are kept in memory at most, if timers are "
                    + "rows; 1 to 1048576.");

    public static final ConfigOption<Integer> CHECKPOINT_TRANSFER_THREAD_NUM = ConfigOptions.key(
                    "state.backend.forebay.checkpoint.transfer.thread.num")
            .intType()
            .defaultValue(4)
            .withDescription("Threads of each operator instance that upload and download checkpoint files; 1 to 1024.");

    public static final ConfigOption<Integer> BACKGROUND_THREAD_NUM = ConfigOptions.key(
                    "state.backend.forebay.thread.num")
            .intType()
            .defaultValue(2)
            .withDescription("Threads of each task slot for flushes and compactions; 1 to 64.");

    public static final ConfigOption<Integer> MAX_OPEN_FILES = ConfigOptions.key("state.backend.forebay.files.open")
            .intType()
            .defaultValue(1000)
            .withDescription(
                    "How many files of a task slot stay open for reading; 16 to 1000000. A file is opened when it is "
                            + "read, and the one that was not read for longest is closed for it.");

    public static final ConfigOption<Boolean> MAP_FILES = ConfigOptions.key("state.backend.forebay.files.mapped")
            .booleanType()
            .defaultValue(true)
            .withDescription(
                    "Whether what is not in the block cache is read in place in the page cache of the system, if it is "
                            + "there. It has an effect on JDK 22 and later, not on Windows. The page cache is not "
                            + "part of managed memory, but the resident memory of the process counts what is mapped of "
                            + "it.");

    public static final ConfigOption<String> TYPE_IDENTIFIER = ConfigOptions.key(
                    "state.backend.forebay.type-identifier")
            .stringType()
            .defaultValue("rocksdb")
            .withDescription("What the backend tells Flink SQL to be. SQL operators know the ordered backends by "
                    + "name, and sort by themselves on any other; Forebay is ordered in the same way as 'rocksdb'.");

    private ForebayOptions() {}
}
