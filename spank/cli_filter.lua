-- ctmgr: refuses a --container=NAME that would run on the bare host without a word (Slurm's cli_filter/lua plugin).
--
-- For sites where users have the wrapper of ctmgr first in PATH: the real srun, sbatch and salloc, called by their paths, know
-- nothing of its images. A file of this name lies beside slurm.conf, which says CliFilterPlugins=lua. A site that has one of its
-- own calls dofile() for this one and ctmgr_check(options) in its slurm_cli_pre_submit.

-- True if this very process has the SPANK plugin of ctmgr, which resolves the name after us.
local function plugin_is_loaded()
  local file = io.open("/proc/self/stat")
  local pid = file and file:read("*n")
  if file then file:close() end
  return pid ~= nil and os.getenv("SLURM_CTMGR_PLUGIN") == string.format("%d", pid)
end

-- Nil, or why this submission would lead to the bare host.
local function reason_against(options)
  local container = options["container"]
  local pin = os.getenv("SLURM_CTMGR_PIN") or ""
  if container ~= nil then
    local is_path = container:sub(1, 1) == "/" or container:sub(1, 2) == "./"
    local is_file = is_path and container:sub(-4) == ".sif"
    -- An OCI bundle is Slurm's own business.
    if is_path and not is_file then return nil end
    -- The wrapper has resolved it and lets sbatch read it in the script again, or tells it the exact build.
    local reference = is_file and "/" or container
    local name, tag = container:match("^([^:/]+):([%d.-]+)$")
    local file = name and "/" .. tag .. "/" .. name .. ".sif"
    local is_pinned = pin:sub(1, #reference + 1) == reference .. " " or (file and pin:sub(-#file) == file)
    if options["type"] == "sbatch" and container ~= "" and is_pinned then return nil end
    return "--container=NAME"
  end
  if options["type"] == "srun" and pin ~= "" and os.getenv("SLURM_JOB_ID") and not os.getenv("SLURM_CTMGR_WRAPPED") then
    return "a step of a job with --container=" .. pin:match("^[^ ]*")
  end
  return nil
end

function ctmgr_check(options)
  local reason = not plugin_is_loaded() and reason_against(options)
  if not reason then return slurm.SUCCESS end
  slurm.log_error("ctmgr: %s would run on the bare host: this is not ctmgr's %s", reason, options["type"])
  slurm.log_error("ctmgr: put the folder of ctmgr's %s first in PATH and call it without a path", options["type"])
  return slurm.ERROR
end

function slurm_cli_setup_defaults(options, early_pass)
  return slurm.SUCCESS
end

function slurm_cli_pre_submit(options, offset)
  return ctmgr_check(options)
end

function slurm_cli_post_submit(offset, job_id, step_id)
  return slurm.SUCCESS
end
