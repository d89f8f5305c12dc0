#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes the rows of posts.csv with four tasks of a Slurm array. Send it from the folder of the list,
# which every node must see: sbatch aigc-batch.sh
#SBATCH --job-name=aigc-batch
#SBATCH --array=0-3
#SBATCH --cpus-per-task=2
#SBATCH --time=04:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=aigc-%a.log
set -eu

# As many as --array has. It stands here, so that a part of the array that is sent again, as
# sbatch --array=2 aigc-batch.sh, makes the same rows as before.
shards=4

# Files that only you can read: Slurm keeps the environment of a job.
export DASHSCOPE_API_KEY_FILE="${DASHSCOPE_API_KEY_FILE:-$HOME/.aigc/dashscope.key}"
export DEEPSEEK_API_KEY_FILE="${DEEPSEEK_API_KEY_FILE:-$HOME/.aigc/deepseek.key}"
# One store for all tasks and for what is sent again later.
export AIGC_CACHE_DIR="${AIGC_CACHE_DIR:-$PWD/store}"

status=0
aigc batch post posts.csv out-dir=posts --shards "$shards" --jobs 2 \
  --report "posts-$SLURM_ARRAY_TASK_ID.json" || status=$?

# 137: killed, as for want of memory. It goes on where it was.
if [ "$status" -eq 137 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt 3 ]; then
  scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
fi
exit "$status"
