"""Rows as a gateway's search tables hold them: commands, terminal output, logins, changes, files; Chinese and English.

Every row is another one, words are as uneven as in life (a few everywhere, most seldom), and the same seed gives the
same rows.  rows() yields batches: one session, or one event outside of a session.
"""

import bisect
import itertools
import random
from dataclasses import dataclass, field

USERS = ("alice bob carol dave erin frank wangwei lina zhangmin liuyang chenjie yangfan zhaolei huangxin zhouqiang "
         "wuhao xujing sunli mayun zhuling hujun guoqing hebin gaofei linlin luoyan zhengkai liangbo xieting tangwen").split()
SERVICES = ("nginx mysqld redis kafka zookeeper tomcat sshd cron docker containerd kubelet prometheus grafana elasticsearch "
            "rabbitmq postgres haproxy keepalived etcd consul").split()
ENGLISH = ("connection timeout refused error warning failed started stopped restart request response user session cache "
           "disk memory network interface packet replica primary backup restore snapshot index query table commit rollback "
           "worker thread queue message broker topic partition offset leader election heartbeat lease certificate expired "
           "renewed token permission denied granted upload download checksum mismatch retry attempt giving up healthy "
           "unhealthy deployment rollout image pulled container killed out of memory segmentation fault core dumped").split()
CHINESE = ("数据库 连接 超时 失败 成功 用户 登录 密码 错误 警告 服务 启动 停止 重启 备份 恢复 日志 磁盘 空间 不足 内存 溢出 网络 中断 "
           "订单 支付 账户 余额 查询 更新 删除 插入 事务 回滚 提交 主库 从库 同步 延迟 集群 节点 选举 心跳 证书 过期 权限 拒绝 文件 上传 下载 "
           "校验 不一致 重试 放弃 健康检查 部署 发布 回退 版本 配置 修改 审批 通过 驳回 巡检 报表 结算 对账 营业厅 工单 告警 恢复正常").split()
TOPS = "/etc /var/log /opt/app /home /data/mysql /usr/local/nginx /srv/www /tmp /backup".split()
LEAVES = ("passwd hosts my.cnf nginx.conf application.yml access.log error.log catalina.out dump.sql.gz release.tar.gz "
          "server.key fstab crontab id_rsa.pub report.xlsx 巡检报告.docx 对账单.csv 部署手册.pdf").split()


class Words:
    """Draws with weights that fall as 1/rank."""

    def __init__(self, random_, words):
        self.random, self.words = random_.random, list(words)
        self.sums = list(itertools.accumulate(1 / (i + 1) for i in range(len(self.words))))

    def __call__(self):
        return self.words[bisect.bisect(self.sums, self.random() * self.sums[-1])]


@dataclass
class Batch:
    user: str
    target: str
    start_us: int
    rows: list = field(default_factory=list)  # (kind, microseconds since start, text)


class Maker:
    def __init__(self, seed, from_us, step_us):
        self.r = random.Random(seed)
        self.at_us, self.step_us = from_us, step_us
        self.user, self.service = Words(self.r, USERS), Words(self.r, SERVICES)
        self.en, self.zh = Words(self.r, ENGLISH), Words(self.r, CHINESE)
        self.target = Words(self.r, [f"{k}{n:02d}" for n in range(1, 41) for k in ("web", "db", "app", "mq", "数据库")])
        self.top, self.leaf = Words(self.r, TOPS), Words(self.r, LEAVES)
        self.number = 0
        self.commands = [self.c_tail, self.c_systemctl, self.c_grep, self.c_mysql, self.c_rm, self.c_curl, self.c_zh]
        self.outputs = [self.o_access, self.o_access, self.o_log, self.o_log, self.o_log, self.o_ls, self.o_ps, self.o_zh, self.o_zh,
                        self.o_java]

    def unique(self):
        """A word that no other row has; so has every log its request ids."""
        self.number += 1
        return f"{self.number * 2654435761 % (1 << 32):08x}"

    def ip(self):
        v = int(self.r.random() ** 3 * (1 << 20))
        return f"10.{v >> 16}.{v >> 8 & 255}.{v & 255}"

    def path(self):
        n = int(self.r.random() ** 2 * 5000)
        return f"{self.top()}/{self.service()}/{n}/{self.leaf()}"

    def n(self, most):
        return int(self.r.random() ** 2 * most)

    def c_tail(self):
        return f"tail -n {self.n(1000)} {self.path()} | grep {self.unique()}"

    def c_systemctl(self):
        return f"sudo systemctl {'restart' if self.r.random() < 0.3 else 'status'} {self.service()}@{self.unique()}"

    def c_grep(self):
        return f"grep -rn '{self.en()} {self.en()}' {self.path()} # {self.unique()}"

    def c_mysql(self):
        return f"mysql -h {self.ip()} -e 'select * from t_{self.en()} where id = 0x{self.unique()} limit {self.n(500)}'"

    def c_rm(self):
        return f"rm -rf {self.path()}.{self.unique()}"

    def c_curl(self):
        return f"curl -s http://{self.ip()}:{8000 + self.n(999)}/{self.en()}/{self.unique()}"

    def c_zh(self):
        return f"echo '{self.zh()}{self.zh()}:{self.zh()}' >> {self.path()}.{self.unique()}"

    def o_access(self):
        return (f'{self.ip()} - - "GET /{self.en()}/{self.n(90000)}?id={self.unique()} HTTP/1.1" {200 if self.r.random() < 0.9 else 502} '
                f"{self.n(90000)}")

    def o_log(self):
        return (f"{self.service()}[{self.n(65000)}]: {self.en()} {self.en()} {self.en()} {self.ip()}:{self.n(65000)} "
                f"req={self.unique()} {self.en()} {self.en()}")

    def o_ls(self):
        return f"-rw-r--r-- 1 {self.user()} {self.user()} {self.n(1 << 30)} Nov {1 + self.n(29)} {self.path()}.{self.unique()}"

    def o_ps(self):
        return f"{self.user()} {self.n(99999)} 0.{self.n(9)} {self.n(9)}.1 /usr/sbin/{self.service()} --id={self.unique()}"

    def o_zh(self):
        return (f"[{self.unique()}] {self.zh()}{self.zh()}{self.zh()},{self.zh()}{self.zh()}:{self.zh()} {self.ip()} "
                f"{self.zh()}{self.zh()} {self.n(9999)}")

    def o_java(self):
        return f"at com.example.{self.en()}.{self.en().title()}{self.en().title()}.run({self.en().title()}.java:{self.n(2000)}) {self.unique()}"

    def session(self):
        self.at_us += int(self.r.random() * 2 * self.step_us)
        b = Batch(self.user(), self.target(), self.at_us)
        at = 0
        b.rows.append(("login", 0, f"session.start {b.user} {b.target} 192.0.2.{self.n(250)} {self.unique()}"))
        for _ in range(1 + self.n(12)):
            at += self.n(20_000_000)
            b.rows.append(("command", at, self.r.choice(self.commands)()))
            for _ in range(self.n(30)):
                at += 1000
                b.rows.append(("output", at, self.r.choice(self.outputs)()))
            if self.r.random() < 0.05:
                b.rows.append(("file", at, f"upload {self.path()}.{self.unique()}"))
        return b


def rows(count, seed=1, from_us=1_750_000_000_000_000, step_us=30_000_000):
    maker = Maker(seed, from_us, step_us)
    made = 0
    while made < count:
        batch = maker.session()
        made += len(batch.rows)
        yield batch
