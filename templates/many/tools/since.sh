# Prints the commit that a pipeline compares with: where this branch left the default branch, or on the default branch
# itself the commit before (the first argument if there is one, else the first parent). What cannot be found out is
# printed as the null hash, with which every plugin counts as changed.
# DEFAULT_BRANCH names the default branch; without it, main or master.
null=0000000000000000000000000000000000000000
base=
for branch in ${DEFAULT_BRANCH:-main master}; do
  git rev-parse --quiet --verify "refs/remotes/origin/$branch" >/dev/null ||
    git fetch --quiet origin "+refs/heads/$branch:refs/remotes/origin/$branch" 2>/dev/null || continue
  base=$(git merge-base "refs/remotes/origin/$branch" HEAD) && break
done
if [ "$base" = "$(git rev-parse HEAD)" ]; then
  base=$(git rev-parse --quiet --verify "${1:-HEAD^1}^{commit}")
fi
echo "${base:-$null}"
