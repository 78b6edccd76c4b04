/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Programs that do nothing on the hooks that faulttrace uses: what any tracer by BPF costs at
 * least. And those that do nothing but measure the time between them. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct begun {
	__u64 ts;
};

/* Key: the task; --latency. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct begun);
} begun SEC(".maps");

/* Per CPU; key: 0. The sum of all latencies. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} stall SEC(".maps");

SEC("tp_btf/page_fault_user")
int tp_btf__page_fault_user(void *ctx)
{
	return 0;
}

SEC("tp_btf/page_fault_kernel")
int tp_btf__page_fault_kernel(void *ctx)
{
	return 0;
}

SEC("perf_event")
int perf_event__page_fault(void *ctx)
{
	return 0;
}

/* The least that measures how long a fault took: one place to remember, two looks at the clock. */
SEC("tp_btf/page_fault_user")
int latency__page_fault_user(void *ctx)
{
	struct begun *b = bpf_task_storage_get(&begun, bpf_get_current_task_btf(), NULL,
					       BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (b)
		b->ts = bpf_ktime_get_ns();
	return 0;
}

SEC("perf_event")
int latency__page_fault(void *ctx)
{
	struct begun *b = bpf_task_storage_get(&begun, bpf_get_current_task_btf(), NULL, 0);
	__u32 zero = 0;
	__u64 *sum = bpf_map_lookup_elem(&stall, &zero);

	if (b && sum)
		*sum += bpf_ktime_get_ns() - b->ts;
	return 0;
}

SEC("fentry/handle_mm_fault")
int fentry__handle_mm_fault(void *ctx)
{
	return 0;
}

SEC("fexit/handle_mm_fault")
int fexit__handle_mm_fault(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
