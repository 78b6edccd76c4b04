# shellcheck shell=bash
# Shared by the scripts of tests/vm: messages, the cache folder, the kernel list, and an apt
# that never touches the system's own lists, status or cache. Sourced, never run.
#
# in:   FT_VM_CACHE  cache folder (default: .cache/vm at the top of the tree)
#       FT_VM_KERNELS  the kernel list (default: kernels)
#       FT_VM_MIRROR, FT_VM_SECURITY_MIRROR  archives to use instead of the machine's own
# out:  vm_dir, top, cache, kernel_list, and the functions below

VM_SKIP=77      # the kernel cannot be had
VM_TIMEOUT=124  # as timeout(1)
VM_BROKEN=125   # the infrastructure failed, nothing is known about the test
export VM_SKIP VM_TIMEOUT VM_BROKEN

vm_dir=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
top=$(cd -- "$vm_dir/../.." && pwd)
kernel_list=${FT_VM_KERNELS:-$vm_dir/kernels}
cache=${FT_VM_CACHE:-$top/.cache/vm}
mkdir -p "$cache/lock"
echo '*' >"$cache/.gitignore"

note() { printf 'vm: %s\n' "$*" >&2; }
die() { note "$*"; exit "$VM_BROKEN"; }

# kernel_names CLASS: the names in the list that are of that class: matrix, extra or "any".
kernel_names() {
	awk -v class="$1" '!/^[#@]/ && NF && (class == "any" || $2 == class) { print $1 }' "$kernel_list"
}

# kernel_row NAME: sets k_arch, k_suite, k_version, k_required and the array k_options, and k_dir,
# where fetch keeps that kernel: lines with the same package share it.
kernel_row() {
	local row options
	row=$(awk -v name="$1" '
		/^@/ { set[$1] = $2 }
		$1 == name {
			n = split($6, words, ",")
			for (i = 1; i <= n; i++)
				list = list (i > 1 ? "," : "") (words[i] in set ? set[words[i]] : words[i])
			$6 = list
			print
		}' "$kernel_list")
	[[ $row ]] || die "no kernel called '$1'; there are: $(kernel_names any | tr '\n' ' ')"
	# shellcheck disable=SC2034 # read by the scripts that source this
	read -r _ _ k_arch k_suite k_version k_required options <<<"$row"
	# shellcheck disable=SC2034
	read -ra k_options <<<"$options"
	# shellcheck disable=SC2034
	k_dir=$cache/kernels/$k_arch-$k_suite-${k_version//'*'/x}
}

# debian_arch ARCH: the name Debian has for what make and the kernel call x86_64, arm64, …
debian_arch() {
	case $1 in
	x86_64 | amd64) echo amd64 ;;
	aarch64 | arm64) echo arm64 ;;
	*) die "no such architecture: $1 (x86_64 or arm64)" ;;
	esac
}

# hold LOCK: one at a time; the lock is released when the script and its children end.
hold() {
	exec {hold_fd}>"$cache/lock/$1"
	flock "$hold_fd"
}

# hold_slot LOCK: as many at a time as the machine has processors, else as hold.
hold_slot() {
	local slot
	while :; do
		for slot in $(seq "$(nproc)"); do
			exec {hold_fd}>"$cache/lock/$1.$slot"
			! flock -n "$hold_fd" || return 0
			exec {hold_fd}>&-
		done
		sleep 1
	done
}

# The archives this machine uses for Debian itself: "URI RELEASE" lines.
own_archives() {
	# shellcheck disable=SC2016 # apt's own placeholders
	apt-get indextargets --no-release-info --format '$(REPO_URI) $(RELEASE)' | sort -u
}

# mirror main|security: where that archive is, as this machine is configured.
mirror() {
	local codename uri
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
	case $1 in
	main) uri=${FT_VM_MIRROR-$(own_archives | awk -v r="$codename" '$2 == r { print $1; exit }')} ;;
	security) uri=${FT_VM_SECURITY_MIRROR-$(own_archives | awk -v r="$codename-security" '$2 == r { print $1; exit }')} ;;
	esac
	[[ $uri ]] || die "apt here has no Debian $1 archive: set FT_VM_MIRROR and FT_VM_SECURITY_MIRROR"
	echo "$uri"
}

# sources SUITE: the sources file for one suite and what belongs to it.
sources() {
	local suites=$1 keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	[[ -r $keyring ]] || die "no $keyring: install debian-archive-keyring"
	if [[ $1 != *-backports ]]; then
		suites="$1 $1-updates"
		printf 'Types: deb\nURIs: %s\nSuites: %s-security\nComponents: main\nSigned-By: %s\n\n' \
			"$(mirror security)" "$1" "$keyring"
	fi
	printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' \
		"$(mirror main)" "$suites" "$keyring"
}

# apt_root ARCH SUITE: an apt of its own in the cache, told about one suite of one architecture,
# with nothing installed. Sets apt_opts, to be given to every apt-get and apt-cache. Its lists
# are brought up to date when they are older than a day. The script has it for itself until it ends.
apt_root() {
	local dir=$cache/apt/$1-$2
	hold "apt-$1-$2"
	mkdir -p "$dir/lists/partial" "$dir/archives/partial"
	: >"$dir/status"
	sources "$2" >"$dir/debian.sources"
	apt_opts=(-qq -c "$dir/apt.conf")
	cat >"$dir/apt.conf" <<-EOF
		APT::Architecture "$1";
		#clear APT::Architectures;
		APT::Architectures { "$1"; };
		APT::Sandbox::User "$(id -un)";
		APT::Install-Recommends "false";
		Acquire::Languages "none";
		Acquire::Retries "2";
		Acquire::http::Timeout "60";
		Dir::Etc::sourcelist "$dir/debian.sources";
		Dir::Etc::sourceparts "/dev/null";
		Dir::State::Lists "$dir/lists";
		Dir::State::status "$dir/status";
		Dir::State::extended_states "$dir/extended_states";
		Dir::Cache "$dir";
		Dir::Cache::Archives "$dir/archives";
	EOF
	if [[ -z $(find "$dir/updated" -mtime -1 2>/dev/null) ]]; then
		apt-get "${apt_opts[@]}" update >&2 || return 1
		touch "$dir/updated"
	fi
}

# unpack DEB… DIR: contents only, no scripts run. Links such as /bin -> usr/bin in DIR stay.
unpack() {
	local dir=${*: -1} deb
	for deb in "${@:1:$#-1}"; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$dir"
	done
}
