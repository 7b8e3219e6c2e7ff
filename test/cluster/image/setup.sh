#!/bin/bash
# Inside the new root folder: users, groups and an empty Slurm database.
set -euo pipefail

ln -sf /usr/share/zoneinfo/UTC /etc/localtime

groupadd -g 2000 hpcadm
groupadd -g 2001 projx
groupadd -g 2002 projy
useradd -r -u 990 -U -m -d /var/lib/ctmgr-home -s /bin/bash ctmgr
useradd -u 1001 -U -m -s /bin/bash -G hpcadm admin1
useradd -u 1002 -U -m -s /bin/bash -G projx alice
useradd -u 1003 -U -m -s /bin/bash -G projy bob
# Only the service account builds with --fakeroot.
printf 'ctmgr:200000:65536\n' | tee /etc/subuid >/etc/subgid

# dma takes the name of the machine that the root folder was made on.
[[ ! -d /etc/dma ]] || echo mgmt >/etc/mailname

# Small and careless, since the database lives no longer than the cluster.
cat >/etc/mysql/mariadb.conf.d/99-cluster.cnf <<'END'
[mariadbd]
skip-networking
skip-name-resolve
skip-log-bin
performance_schema = off
innodb_buffer_pool_size = 64M
innodb_log_file_size = 16M
innodb_flush_log_at_trx_commit = 0
innodb_doublewrite = 0
innodb_use_native_aio = 0
innodb_lock_wait_timeout = 900
loose_innodb_snapshot_isolation = OFF
END
rm -rf /var/lib/mysql
mariadb-install-db --user=mysql --force --skip-test-db --auth-root-authentication-method=socket
mkdir -p /run/mysqld
chown mysql: /run/mysqld
mariadbd --user=mysql --bootstrap <<'END'
CREATE DATABASE slurm_acct_db;
FLUSH PRIVILEGES;
CREATE USER slurm@localhost IDENTIFIED VIA unix_socket;
GRANT ALL ON slurm_acct_db.* TO slurm@localhost;
END

mkdir -p /srv/ctmgr /var/lib/ctmgr /etc/ctmgr /opt/ctmgr /scratch /etc/slurm
# All lead into the checkout. While it has no such file, the search in PATH goes on: to the real srun in /usr/bin.
ln -s /opt/ctmgr/bin/ctmgr /usr/local/bin/ctmgr
for tool in srun sbatch salloc; do
    ln -s /opt/ctmgr/spank/srun "/usr/local/bin/$tool"
done
