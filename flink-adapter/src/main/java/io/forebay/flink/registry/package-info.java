/**
 * Which states a backend has, the id of each state in the rows, and, for a restored state, what each part of the
 * checkpoint says about its serializers until the job gives its own. In: states that a job registers or that a restore
 * finds. Out: the ids, in the payload of each checkpoint. Used by one thread, that of the task. Invariant: ids are unique
 * in a backend, and the same in all subtasks.
 */
package io.forebay.flink.registry;
